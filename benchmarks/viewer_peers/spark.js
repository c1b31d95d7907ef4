// Spark's page: the same Gaussians on the same bones, drawn and sorted once a frame.
import * as THREE from "three";
import { SparkRenderer, SplatFileType, SplatMesh, SplatSkinning } from "@sparkjsdev/spark";

const [data, fileBytes] = await Promise.all([
  fetch("/scene.json").then((answer) => answer.json()),
  fetch("/avatar.ply").then((answer) => answer.arrayBuffer()),
]);
const canvas = document.getElementById("view");
const renderer = new THREE.WebGLRenderer({ canvas, antialias: false, preserveDrawingBuffer: true });
renderer.setSize(innerWidth, innerHeight);
renderer.setClearColor(0xffffff);
const scene = new THREE.Scene();
const camera = new THREE.PerspectiveCamera(40, innerWidth / innerHeight, 0.05, 50);
camera.position.set(0, data.middle, 3.2);
const spark = new SparkRenderer({ renderer, autoUpdate: false, sortRadial: false });
scene.add(spark);
const mesh = new SplatMesh({ fileBytes: new Uint8Array(fileBytes), fileType: SplatFileType.PLY });
await mesh.initialized;
scene.add(mesh);
const skinning = new SplatSkinning({ mesh, numBones: data.bones });
const rest = [new THREE.Quaternion(), new THREE.Vector3()];
for (let bone = 0; bone < data.bones; bone++) skinning.setRestQuatPos(bone, ...rest);
for (let splat = 0; splat < mesh.numSplats; splat++) {
  const at = 4 * splat;
  skinning.setSplatBones(
    splat,
    new THREE.Vector4(...data.joints.slice(at, at + 4)),
    new THREE.Vector4(...data.shares.slice(at, at + 4)),
  );
}
mesh.skinning = skinning;
mesh.updateGenerator();
const [quaternion, position] = rest;

async function draw(frame) {
  const pose = data.frames[frame % data.frames.length];
  for (let bone = 0; bone < data.bones; bone++) {
    const [w, x, y, z, ...where] = pose.slice(7 * bone, 7 * bone + 7);
    skinning.setBoneQuatPos(bone, quaternion.set(x, y, z, w), position.fromArray(where));
  }
  skinning.updateBones();
  await spark.update({ scene, camera });
  renderer.render(scene, camera);
}

window.play = async (count) => {
  for (let frame = 0; frame < count; frame++) {
    await draw(frame);
    await new Promise(requestAnimationFrame);
  }
};
window.ready = true;
