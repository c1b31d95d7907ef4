// Forward kinematics of SMPL's 24 joints, as body/model.py: transforms from the canonical (star)
// pose to the one asked for.

class Skeleton {
  constructor(body) {
    this.parents = body.parents;
    this.count = body.parents.length;
    this.rest = Float64Array.from(body.restJoints);
    this.starInverse = Float64Array.from(body.starInverse);
    this.transforms = new Float32Array(12 * this.count); // canonical to posed, world
    this.joints = new Float32Array(3 * this.count); // posed, world, metres
    this.chain = new Float64Array(12 * this.count); // of each joint's own frame to the root's
    this.local = new Float64Array(12);
    this.fromRest = new Float64Array(12);
    this.whole = new Float64Array(12);
  }

  /**
   * Fill `transforms` and `joints`.
   * @param quats 24 local rotations, wxyz.
   * @param translation Added after posing, metres.
   */
  pose(quats, translation) {
    const { parents, rest, chain, local, fromRest, whole } = this;
    for (let j = 0; j < this.count; j++) {
      const parent = parents[j];
      const target = parent < 0 ? chain : local;
      const at = parent < 0 ? 12 * j : 0;
      rotationInto(quats, 4 * j, target, at);
      for (let k = 0; k < 3; k++) {
        target[at + 4 * k + 3] = rest[3 * j + k] - (parent < 0 ? 0 : rest[3 * parent + k]);
      }
      if (parent >= 0) composeInto(chain, 12 * parent, local, 0, chain, 12 * j);
      for (let row = 0; row < 3; row++) {
        const from = 12 * j + 4 * row;
        let moved = chain[from + 3];
        this.joints[3 * j + row] = moved + translation[row];
        for (let k = 0; k < 3; k++) {
          fromRest[4 * row + k] = chain[from + k];
          moved -= chain[from + k] * rest[3 * j + k];
        }
        fromRest[4 * row + 3] = moved;
      }
      composeInto(fromRest, 0, this.starInverse, 12 * j, whole, 0);
      for (let row = 0; row < 3; row++) whole[4 * row + 3] += translation[row];
      this.transforms.set(whole, 12 * j);
    }
  }
}
