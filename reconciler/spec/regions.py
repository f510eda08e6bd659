"""The regions that offer Container Registry."""

from __future__ import annotations

KNOWN = frozenset(
    {
        "cn-qingdao",
        "cn-beijing",
        "cn-zhangjiakou",
        "cn-huhehaote",
        "cn-wulanchabu",
        "cn-hangzhou",
        "cn-shanghai",
        "cn-shenzhen",
        "cn-heyuan",
        "cn-guangzhou",
        "cn-chengdu",
        "cn-hongkong",
        "cn-nanjing",
        "cn-fuzhou",
        "cn-wuhan-lr",
        "cn-zhengzhou-jva",
        "cn-heyuan-acdr-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-3",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ap-south-1",
        "ap-northeast-1",
        "ap-northeast-2",
        "us-west-1",
        "us-east-1",
        "us-southeast-1",
        "na-south-1",
        "eu-central-1",
        "eu-west-1",
        "me-east-1",
        "me-central-1",
        "cn-hangzhou-finance",
        "cn-shanghai-finance-1",
        "cn-shenzhen-finance-1",
        "cn-beijing-finance-1",
        "cn-north-2-gov-1",
    }
)
"""From the product page on supported regions (document 215426 of help.aliyun.com) and the endpoint metadata of the
official SDK. New regions appear without notice, so another id is a warning and no error."""
