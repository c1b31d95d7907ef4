// Rotations are wxyz quaternions; an affine map is 12 numbers, three rows of four. Both lie in flat
// arrays at an offset, so that a frame allocates nothing.

/** The rotation `share` of the way from a to b, along the shorter arc; unit quaternions. */
function slerp(a, ai, b, bi, share, out, o) {
  let dot = a[ai] * b[bi] + a[ai + 1] * b[bi + 1] + a[ai + 2] * b[bi + 2] + a[ai + 3] * b[bi + 3];
  const sign = dot < 0 ? -1 : 1;
  dot = Math.min(1, dot * sign);
  let first = 1 - share;
  let second = share;
  if (dot < 0.9999) {
    const angle = Math.acos(dot);
    first = Math.sin(first * angle) / Math.sin(angle);
    second = Math.sin(second * angle) / Math.sin(angle);
  }
  second *= sign;
  let length = 0;
  for (let k = 0; k < 4; k++) {
    out[o + k] = first * a[ai + k] + second * b[bi + k];
    length += out[o + k] * out[o + k];
  }
  length = Math.sqrt(length) || 1;
  for (let k = 0; k < 4; k++) out[o + k] /= length;
}

/** Quaternion of a rotation vector (axis times angle) in degrees. */
function quaternionOf(degrees) {
  const [x, y, z] = degrees.map((value) => (value * Math.PI) / 180);
  const angle = Math.hypot(x, y, z);
  const share = angle < 1e-9 ? 0.5 : Math.sin(angle / 2) / angle;
  return [Math.cos(angle / 2), x * share, y * share, z * share];
}

/** The rotation b, then a: a b. The result may be written over a. */
function multiply(a, ai, b, bi, out, o) {
  const [aw, ax, ay, az] = [a[ai], a[ai + 1], a[ai + 2], a[ai + 3]];
  const [bw, bx, by, bz] = [b[bi], b[bi + 1], b[bi + 2], b[bi + 3]];
  out[o] = aw * bw - ax * bx - ay * by - az * bz;
  out[o + 1] = aw * bx + ax * bw + ay * bz - az * by;
  out[o + 2] = aw * by - ax * bz + ay * bw + az * bx;
  out[o + 3] = aw * bz + ax * by - ay * bx + az * bw;
}

/** Write the matrix of a unit quaternion to the left 3 x 3 of an affine map. */
function rotationInto(q, qi, out, o) {
  const [w, x, y, z] = [q[qi], q[qi + 1], q[qi + 2], q[qi + 3]];
  out[o] = 1 - 2 * (y * y + z * z);
  out[o + 1] = 2 * (x * y - w * z);
  out[o + 2] = 2 * (x * z + w * y);
  out[o + 4] = 2 * (x * y + w * z);
  out[o + 5] = 1 - 2 * (x * x + z * z);
  out[o + 6] = 2 * (y * z - w * x);
  out[o + 8] = 2 * (x * z - w * y);
  out[o + 9] = 2 * (y * z + w * x);
  out[o + 10] = 1 - 2 * (x * x + y * y);
}

/** The affine map b, then a; out must be neither. */
function composeInto(a, ai, b, bi, out, o) {
  for (let row = 0; row < 12; row += 4) {
    const [p, q, r] = [a[ai + row], a[ai + row + 1], a[ai + row + 2]];
    for (let column = 0; column < 4; column++) {
      out[o + row + column] = p * b[bi + column] + q * b[bi + 4 + column] + r * b[bi + 8 + column];
    }
    out[o + row + 3] += a[ai + row + 3];
  }
}
