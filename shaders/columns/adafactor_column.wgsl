// adafactor_column for graphics processors: a workgroup has 32 columns of 8 lanes each, which take every eighth four rows, so that neighbours read neighbours and
// a matrix of few columns and many rows has threads enough. Workgroup memory: 1 KiB. Dispatch: C / 32

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn adafactor_column(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let j = linear_group(group, groups) * 32u + local % 32u;
  let factor = scalars[params.slot];
  var sum = 0.0;
  if (j < params.C) {
    for (var i = local / 32u * 4u; i < params.R; i += 32u) {
      let rows = i + vec4u(0u, 1u, 2u, 3u);
      let at = min(rows, vec4u(params.R - 1u)) * params.C + j;
      let four = vec4f(gradient[at.x], gradient[at.y], gradient[at.z], gradient[at.w]) * factor;
      let g = select(vec4f(), four, rows < vec4u(params.R));
      sum += dot(g, g);
    }
  }
  sums[local] = sum;
  workgroupBarrier();
  if (local < 32u && j < params.C) {
    for (var part = 1u; part < 8u; part++) { sum += sums[part * 32u + local]; }
    put_column(j, sum);
  }
}
