"""Trains the room's own weights: draws VINs, gathers labelled frames, fine-tunes, writes ONNX.

Nothing that runs on a device imports it; PyTorch and onnx are wanted here alone (requirements/train.txt), and only by
what learns or writes graphs: pictures, frames, labels and fitting do without.
"""
