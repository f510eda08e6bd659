"""Values to text, one file per format; nothing here prints."""
