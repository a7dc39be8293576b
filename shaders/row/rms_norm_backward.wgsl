// rms_norm_backward for graphics processors: a workgroup of 64 lanes a row, each lane every 64th vec4, which it reads twice, the second time from the cache.
// Workgroup memory: 576 bytes. Dispatch: N

@compute @workgroup_size(64)
fn rms_norm_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = linear_group(group, groups);
  if (row >= params.N) { return; }
  let C4 = params.C / 4u;
  let begin = row * C4;
  let scale = rstd[row];
  var product = vec4f();
  for (var c = local; c < C4; c += 64u) { product += d_y[begin + c] * weight[c] * (x[begin + c] * scale); }
  let mean_product = sum_lanes(local, vec2f(dot(product, vec4f(1.0)), 0.0)).x / f32(params.C);
  for (var c = local; c < C4; c += 64u) {
    d_y[begin + c] = scale * (d_y[begin + c] * weight[c] - x[begin + c] * scale * mean_product);
  }
}
