"""The posable human: template, joints, skinning weights, forward kinematics."""

from gaussianmotion.body.load import load_body
from gaussianmotion.body.model import Body

__all__ = ["Body", "load_body"]
