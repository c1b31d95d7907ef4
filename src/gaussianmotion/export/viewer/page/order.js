// The order in which Gaussians are drawn: far to near, by a counting sort of their posed depths.

const BUCKETS = 65536; // a person is 2 m deep at most: 0.03 mm each

class Order {
  constructor(gaussians) {
    this.gaussians = gaussians;
    this.depths = new Float32Array(gaussians.count);
    this.keys = new Uint16Array(gaussians.count);
    this.starts = new Uint32Array(BUCKETS + 1);
    this.indices = new Uint32Array(gaussians.count);
    this.rows = new Float32Array(4 * 32);
    this.meanDepth = 1;
  }

  /**
   * Fill `indices`, and `meanDepth` in metres.
   * @param transforms Of the joints, 12 numbers each.
   * @param forward Third row of the world-to-camera map: depth of a world point.
   */
  sort(transforms, forward) {
    const { means, first, joints, shares, count } = this.gaussians;
    const { depths, keys, starts, indices, rows } = this;
    const [fx, fy, fz, fw] = forward;
    // Depth is linear in the position: each joint's transform and the camera make one row.
    for (let j = 0; j < transforms.length / 12; j++) {
      const t = 12 * j;
      for (let k = 0; k < 4; k++) {
        rows[4 * j + k] =
          fx * transforms[t + k] + fy * transforms[t + 4 + k] + fz * transforms[t + 8 + k];
      }
      rows[4 * j + 3] += fw;
    }
    let nearest = Infinity;
    let farthest = -Infinity;
    let sum = 0;
    let influence = 0;
    for (let i = 0; i < count; i++) {
      const end = first[i + 1];
      const x = means[3 * i];
      const y = means[3 * i + 1];
      const z = means[3 * i + 2];
      let depth = 0;
      for (; influence < end; influence++) {
        const row = joints[influence] << 2;
        depth +=
          shares[influence] *
          (rows[row] * x + rows[row + 1] * y + rows[row + 2] * z + rows[row + 3]);
      }
      depths[i] = depth;
      sum += depth;
      if (depth < nearest) nearest = depth;
      if (depth > farthest) farthest = depth;
    }
    this.meanDepth = sum / count;
    starts.fill(0);
    const scale = (BUCKETS - 1) / Math.max(farthest - nearest, 1e-6);
    for (let i = 0; i < count; i++) {
      const key = ((farthest - depths[i]) * scale) | 0;
      keys[i] = key;
      starts[key + 1]++;
    }
    for (let bucket = 0; bucket < BUCKETS; bucket++) starts[bucket + 1] += starts[bucket];
    for (let i = 0; i < count; i++) indices[starts[keys[i]]++] = i;
    return indices;
  }
}
