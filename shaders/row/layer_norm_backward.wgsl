// layer_norm_backward for graphics processors: a workgroup of 64 lanes a row, each lane every 64th vec4, which it reads twice, the second time from the cache.
// Workgroup memory: 576 bytes. Dispatch: N

@compute @workgroup_size(64)
fn layer_norm_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = linear_group(group, groups);
  if (row >= params.N) { return; }
  let C4 = params.C / 4u;
  let begin = row * C4;
  let mean = stats[row].x;
  let rstd = stats[row].y;
  var sum = vec4f();
  var product = vec4f();
  for (var c = local; c < C4; c += 64u) {
    let g = d_y[begin + c] * weight[c];
    sum += g;
    product += g * ((s[begin + c] - mean) * rstd);
  }
  let means = sum_lanes(local, vec2f(dot(sum, vec4f(1.0)), dot(product, vec4f(1.0)))) / f32(params.C);
  for (var c = local; c < C4; c += 64u) { put_gradient(begin + c, c, mean, rstd, means.x, means.y); }
}
