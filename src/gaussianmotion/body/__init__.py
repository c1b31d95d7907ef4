"""The posable human: template, joints, skinning weights, forward kinematics."""
