"""The pure middle: graph, rules, diff, image selection, plan and schedule; functions of their arguments."""
