// A BERT that tests plan and interpret in a moment. Not here: weights and folders (test/testing.ts).

/** config.json; a test changes what it is about. */
export const tinyBert = {
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 24,
  vocab_size: 11,
  max_position_embeddings: 12,
};
