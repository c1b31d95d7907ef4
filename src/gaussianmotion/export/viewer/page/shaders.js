// The rasteriser's maths (splat/reference.py) as shaders. A Gaussian is a rectangle along the axes
// of its ellipse; the second pass lays them over the background.

const SPLAT_VERTEX = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
uniform usampler2D records;
uniform vec4 joints[72]; // rows of each joint's canonical-to-posed map
uniform vec4 view[3]; // rows of world to camera
uniform vec3 low, span; // positions, metres
uniform vec2 logScales; // least, width
uniform vec2 focal, centre, size; // pixels
uniform float pixel, trainedPixel; // metres, of this picture and of the coarsest training
uniform float widening; // variance in pixels, of the part of it that this picture lacks
uniform float eps2d, nearest, alphaMin, extent, frustumMargin;
uniform bool compensate; // opacities for the pixels' own blur
layout(location = 0) in uint index;
out vec2 offset; // standard deviations
flat out vec4 colour;

vec2 pair(uint word) { return vec2(word & 65535u, word >> 16) / 65535.0; }
vec2 signedPair(uint word) { return (vec2(word & 65535u, word >> 16) - 32767.0) / 32767.0; }

void influence(uint half_, inout vec4 row0, inout vec4 row1, inout vec4 row2, inout float total) {
  float weight = float(half_ >> 5);
  if (weight == 0.0) return;
  int joint = 3 * int(half_ & 31u);
  row0 += weight * joints[joint];
  row1 += weight * joints[joint + 1];
  row2 += weight * joints[joint + 2];
  total += weight;
}

void main() {
  gl_Position = vec4(2.0, 2.0, 2.0, 1.0); // outside: not drawn
  int width = textureSize(records, 0).x;
  int at = 3 * int(index);
  ivec2 place = ivec2(at % width, at / width);
  uvec4 a = texelFetch(records, place, 0);
  uvec4 b = texelFetch(records, place + ivec2(1, 0), 0);
  uvec4 c = texelFetch(records, place + ivec2(2, 0), 0);
  float opacity = pair(a.y).y;

  // Linear blend skinning (eq. 3).
  vec4 row0 = vec4(0.0), row1 = vec4(0.0), row2 = vec4(0.0);
  float total = 0.0;
  for (int k = 0; k < 4; k++) {
    influence(c[k] & 65535u, row0, row1, row2, total);
    influence(c[k] >> 16, row0, row1, row2, total);
  }
  if (total == 0.0) return;
  row0 /= total; row1 /= total; row2 /= total;
  vec3 mean = low + span * vec3(pair(a.x), pair(a.y).x);
  vec4 posed = vec4(dot(row0, vec4(mean, 1.0)), dot(row1, vec4(mean, 1.0)), dot(row2, vec4(mean, 1.0)), 1.0);

  // Root of the posed covariance: T R S, whose columns are the axes.
  vec4 q = normalize(vec4(signedPair(b.x), signedPair(b.y)));
  float w = q.x, x = q.y, y = q.z, z = q.w;
  vec3 scales = exp(logScales.x + logScales.y * vec3(pair(a.z), pair(a.w).x));
  mat3 turned = mat3(
    vec3(1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z), 2.0 * (x * z - w * y)) * scales.x,
    vec3(2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x)) * scales.y,
    vec3(2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y)) * scales.z);
  mat3 root = transpose(mat3(row0.xyz, row1.xyz, row2.xyz)) * turned;

  // Projection, linearised at the centre (EWA splatting).
  float depth = dot(view[2], posed);
  if (!(depth >= nearest)) return;
  vec2 slope = vec2(dot(view[0], posed), dot(view[1], posed)) / depth;
  vec2 margin = frustumMargin * size / focal;
  vec2 clamped = clamp(slope, -centre / focal - margin, (size - centre) / focal + margin);
  vec2 scale = focal / depth;
  vec3 alongX = scale.x * (view[0].xyz - clamped.x * view[2].xyz);
  vec3 alongY = scale.y * (view[1].xyz - clamped.y * view[2].xyz);
  vec3 rootX = alongX * root, rootY = alongY * root;
  // The rasteriser's blur is worth fewer metres in a sharper picture; see rendering/subject.py.
  float trained = trainedPixel * pair(a.w).y;
  float blur = widening * max(0.0, trained * trained - pixel * pixel);
  float xx = dot(rootX, rootX) + blur * dot(alongX, alongX);
  float xy = dot(rootX, rootY) + blur * dot(alongX, alongY);
  float yy = dot(rootY, rootY) + blur * dot(alongY, alongY);
  float sharp = xx * yy - xy * xy;
  xx += eps2d;
  yy += eps2d;
  float determinant = xx * yy - xy * xy;
  if (!(determinant > 0.0)) return;
  if (compensate) opacity *= sqrt(max(sharp, 0.0) / determinant);
  if (opacity < alphaMin) return;

  float middle = 0.5 * (xx + yy);
  float long_ = middle + length(vec2(0.5 * (xx - yy), xy));
  float angle = 0.5 * atan(2.0 * xy, xx - yy);
  vec2 axis = vec2(cos(angle), sin(angle));
  float reach = min(extent, sqrt(2.0 * log(opacity / alphaMin)));
  vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1)) * 2.0 - 1.0;
  offset = reach * corner;
  vec2 pixel = focal * slope + centre
    + offset.x * sqrt(long_) * axis + offset.y * sqrt(determinant / long_) * vec2(-axis.y, axis.x);
  gl_Position = vec4(2.0 * pixel.x / size.x - 1.0, 1.0 - 2.0 * pixel.y / size.y, 0.0, 1.0);
  colour = vec4(pair(b.z), pair(b.w).x, opacity);
}`;

const SPLAT_FRAGMENT = `#version 300 es
precision highp float;
uniform float alphaMin, alphaMax;
in vec2 offset;
flat in vec4 colour;
out vec4 result;
void main() {
  float alpha = min(colour.a * exp(-0.5 * dot(offset, offset)), alphaMax);
  if (alpha < alphaMin) discard;
  result = vec4(colour.rgb * alpha, alpha);
}`;

const SCENE_VERTEX = `#version 300 es
void main() {
  gl_Position = vec4(4.0 * float(gl_VertexID & 1) - 1.0, 4.0 * float(gl_VertexID >> 1) - 1.0, 0.0, 1.0);
}`;

// The floor of rendering/ground.py: faint lines, and a soft shadow under the joints.
const SCENE_FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D splats;
uniform vec4 background; // RGB and opacity
uniform bool ground;
uniform float lines; // strength; below 0 they are lighter than the background
uniform float floorHeight;
uniform vec3 bones[24];
uniform vec2 middle; // of the bones, x and z
uniform vec4 view[3];
uniform vec2 focal, centre, size;
out vec4 result;

float light() {
  vec2 pixel = vec2(gl_FragCoord.x, size.y - gl_FragCoord.y);
  vec3 inCamera = vec3((pixel - centre) / focal, 1.0);
  mat3 toWorld = mat3(view[0].xyz, view[1].xyz, view[2].xyz);
  vec3 ray = toWorld * inCamera;
  vec3 position = -(toWorld * vec3(view[0].w, view[1].w, view[2].w));
  float depth = (floorHeight - position.y) / min(ray.y, -1e-4);
  if (ray.y >= -1e-4 || depth <= 0.0 || depth >= 50.0) return 1.0;
  vec2 point = position.xz + depth * ray.xz;
  float slant = length(ray) / max(abs(ray.y), 1e-4);
  vec2 footprint = max(depth / focal.y * (1.0 + abs(normalize(ray.xz)) * (slant - 1.0)), 1e-5);
  vec2 away = abs(point / 0.5 - round(point / 0.5)) * 0.5;
  vec2 coverage = clamp(1.0 - max(away - 0.006, 0.0) / (0.5 * footprint), 0.0, 1.0);
  vec2 seen = coverage * min(0.006 / (0.006 + 0.5 * footprint), 1.0);
  float faded = exp(-dot(point - middle, point - middle) / 1.69);
  float left = 1.0;
  for (int j = 0; j < 24; j++) {
    float sigma = 0.065 + 0.11 * max(bones[j].y - floorHeight, 0.0);
    float strength = 0.9 * (0.065 / sigma) * (0.065 / sigma) + 0.02;
    vec2 apart = point - bones[j].xz;
    left *= 1.0 - min(strength * exp(-0.5 * dot(apart, apart) / (sigma * sigma)), 1.0);
  }
  return (1.0 - lines * max(seen.x, seen.y) * faded) * (1.0 - 0.34 * (1.0 - left));
}

void main() {
  vec4 person = texelFetch(splats, ivec2(gl_FragCoord.xy), 0);
  vec3 behind = background.rgb * background.a;
  if (ground) behind *= light();
  result = person + (1.0 - person.a) * vec4(behind, background.a);
}`;
