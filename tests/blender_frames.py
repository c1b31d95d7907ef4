"""Frames of a rigged .glb by Blender, run by a Python that has bpy: PYTHON blender_frames.py JSON.

The JSON says: glb, out (folder), size (pixels), shots: each with motion, time (seconds), view
(4 x 4, OpenCV, y up) and focal (pixels). Writes OUT/0.png and so on with transparent backgrounds,
and prints one line of JSON: the names of bones and actions.
"""

import json
import math
import sys
from pathlib import Path

import bpy
from mathutils import Matrix

FPS = 30
# Blender's z is up: its (x, y, z) is glTF's (x, z, -y).
TO_Y_UP = Matrix(((1, 0, 0, 0), (0, 0, 1, 0), (0, -1, 0, 0), (0, 0, 0, 1)))
# Blender's cameras look along -z with y up, OpenCV's along z with y down.
TO_OPENGL = Matrix.Diagonal((1, -1, -1, 1))


def main(wanted: dict) -> None:
    """Import, and render each shot."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps = FPS  # an import counts times in frames of the scene
    bpy.ops.import_scene.gltf(filepath=wanted["glb"])
    (armature,) = (thing for thing in bpy.data.objects if thing.type == "ARMATURE")
    for thing in list(bpy.data.objects):  # shapes that stand for bones
        if thing.type == "MESH" and not any(m.type == "ARMATURE" for m in thing.modifiers):
            bpy.data.objects.remove(thing)
    draw_plainly(scene, wanted["size"])
    lens = bpy.data.cameras.new("camera")
    camera = bpy.data.objects.new("camera", lens)
    scene.collection.objects.link(camera)
    scene.camera = camera
    for track in armature.animation_data.nla_tracks:
        track.mute = True
    for index, shot in enumerate(wanted["shots"]):
        action = bpy.data.actions[shot["motion"]]
        armature.animation_data.action = action
        if getattr(action, "slots", None):
            armature.animation_data.action_slot = action.slots[0]
        frame = action.frame_range[0] + FPS * shot["time"]
        scene.frame_set(int(frame), subframe=frame - int(frame))
        camera.matrix_world = (TO_OPENGL @ Matrix(shot["view"]) @ TO_Y_UP).inverted()
        lens.sensor_fit = "VERTICAL"
        lens.angle_y = 2 * math.atan(0.5 * wanted["size"] / shot["focal"])
        scene.render.filepath = str(Path(wanted["out"]) / f"{index}.png")
        bpy.ops.render.render(write_still=True)
    facts = {
        "bones": [bone.name for bone in armature.data.bones],
        "actions": sorted(action.name for action in bpy.data.actions),
    }
    print("FACTS " + json.dumps(facts))


def draw_plainly(scene: "bpy.types.Scene", size: int) -> None:
    """Few samples on the processor, colours as they are, nothing behind."""
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = 4
    scene.cycles.use_denoising = False
    scene.render.film_transparent = True
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGBA"
    scene.view_settings.view_transform = "Standard"
    scene.render.threads_mode = "FIXED"
    scene.render.threads = 1


main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
