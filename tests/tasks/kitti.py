"""The reference labels of the street scene as cuboids, in metres of the lidar that made the cloud."""

from typing import Any

import numpy as np

from tests.tasks.handing_in import real

SCENE = "street-scene/000001"


def cuboids() -> list[dict[str, Any]]:
    """Return the reference labels of the scene."""
    return read(real(f"{SCENE}.label.txt").decode(), real(f"{SCENE}.calib.txt").decode())


def read(labels: str, calibrated: str) -> list[dict[str, Any]]:
    """Return what a label file says: camera coordinates turned into the lidar's, by the calibration beside it."""
    calibration = dict(line.split(": ") for line in calibrated.splitlines() if ": " in line)
    rectify, to_camera = np.eye(4), np.eye(4)
    rectify[:3, :3] = np.array(calibration["R0_rect"].split(), dtype=float).reshape(3, 3)
    to_camera[:3] = np.array(calibration["Tr_velo_to_cam"].split(), dtype=float).reshape(3, 4)
    to_lidar = np.linalg.inv(rectify @ to_camera)
    lines = (line.split() for line in labels.splitlines())
    known = [line for line in lines if line[0] != "DontCare"]
    return [_cuboid(str(number), line, to_lidar) for number, line in enumerate(known, 1)]


def _cuboid(name: str, line: list[str], to_lidar: Any) -> dict[str, Any]:
    height, width, length, x, y, z, turn = map(float, line[8:15])
    foot = to_lidar @ np.array([x, y, z, 1])
    center = [round(float(part), 3) for part in (foot[0], foot[1], foot[2] + height / 2)]
    yaw = round(float(np.arctan2(*(f(-turn - np.pi / 2) for f in (np.sin, np.cos)))), 3)
    return {"id": name, "label": line[0].lower(), "center": center, "size": [length, width, height], "yaw": float(yaw)}


def inside(points: Any, one: dict[str, Any]) -> int:
    """Return how many points lie in a cuboid."""
    offset = points[:, :3] - np.array(one["center"])
    c, s = np.cos(one["yaw"]), np.sin(one["yaw"])
    own = np.stack([offset[:, 0] * c + offset[:, 1] * s, offset[:, 1] * c - offset[:, 0] * s, offset[:, 2]], axis=1)
    return int((np.abs(own) <= np.array(one["size"]) / 2).all(axis=1).sum())
