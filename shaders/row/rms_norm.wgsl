// rms_norm for graphics processors: a workgroup of 64 lanes a row, each lane every 64th vec4, which it reads twice, the second time from the cache.
// Workgroup memory: 576 bytes. Dispatch: N

@compute @workgroup_size(64)
fn rms_norm(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = linear_group(group, groups);
  if (row >= params.N) { return; }
  let C4 = params.C / 4u;
  let begin = row * C4;
  var squares = vec4f();
  for (var c = local; c < C4; c += 64u) { squares += x[begin + c] * x[begin + c]; }
  let scale = 1.0 / sqrt(sum_lanes(local, vec2f(dot(squares, vec4f(1.0)), 0.0)).x / f32(params.C) + params.eps);
  for (var c = local; c < C4; c += 64u) { y[begin + c] = x[begin + c] * scale * weight[c]; }
  if (local == 0u) { rstd[row] = scale; }
}
