// Tokenizer classes of Transformers (5.24) that are not here and do not take tokenizer.json as it is: their ids would be others. Not a list of all
// classes: names that Transformers does not know either take the file as it is (families.ts).

/** These make the tokenizer anew, by rules of their own; what they made can be saved, and is then read as it is. */
const madeAnew = `Albert Barthez BigBird Blenderbot CLIP Camembert CodeGen CodeLlama Cohere Deberta DebertaV2 Esmc FNet Funnel GPTNeoX Gemma Herbert Lasr
  LayoutLMv2 LayoutLMv3 LayoutXLM Llama Luke MBart MBart50 MLuke Nllb Nougat OpenAIGPT Pegasus Qwen2 Qwen3_5 Reformer RemBert SeamlessM4T Siglip2 Splinter
  T5 Tipsv2 Udop VideoPrism Whisper XGLM XLNet`;

/** These are written in Python, or call SentencePiece; no file holds their rules. */
const inPython = `Bartpho BertGeneration BertJapanese Bertweet BioGpt BlenderbotSmall ByT5 CTRL Canine Clvp Cpm CpmAnt Dia Esm FSMT FastSpeech2Conformer
  Flaubert GPTNeoXJapanese GPTSw3 M2M100 Marian Mgpstr MyT5 PLBart Perceiver Phobert Pop2Piano ProphetNet RoCBert RoFormer Siglip Speech2Text SpeechT5 Tapas
  Vits Wav2Vec2CTC Wav2Vec2PhonemeCTC XLM`;

const named = (list: string): ReadonlySet<string> => new Set(list.split(/\s+/).map((name) => `${name}Tokenizer`));
const [anew, python] = [named(madeAnew), named(inPython)];

/** Why a class (`Fast` left off) is not read and what to do, or undefined where it may be. */
export function whyUnread(name: string): { readonly why: string; readonly remedy: string } | undefined {
  if (anew.has(name)) {
    return {
      why: `is ${name}, which makes the tokenizer by rules that Retrace does not have, so that ids would be others`,
      remedy: `Save what the class makes, once, in Python; it is then read as it is: from transformers import AutoTokenizer, PreTrainedTokenizerFast; t = AutoTokenizer.from_pretrained("FOLDER"); PreTrainedTokenizerFast(tokenizer_object=t.backend_tokenizer, **t.special_tokens_map).save_pretrained("FOLDER")`,
    };
  }
  if (!python.has(name)) return undefined;
  return {
    why: `is ${name}, which is a program in Python and in no file of the folder`,
    remedy: 'Choose a model whose tokenizer is WordPiece, byte-level BPE, Unigram, or described by its tokenizer.json.',
  };
}
