// Texts as tokens by a tokeniser of Hugging Face's, cut to what a model reads and filled up to a
// batch. The only importer of @huggingface/tokenizers. Knows nothing of models.
import { Tokenizer } from '@huggingface/tokenizers';
import { asError } from '../errors';
import { invalid, type EncoderFolder } from './folder';
import type { PaddedTokens } from './pooling';

export interface TokenReader {
  /**
   * The tokens of a text with the special ones around them, at most `maxTokens`: cut where the text
   * is longer, not where it ends.
   */
  read(text: string): number[];
  /** Fills up on the right to the longest, or to `length`. */
  pad(texts: readonly (readonly number[])[], length?: number): PaddedTokens;
}

/** @throws VitrineError INPUT_INVALID where the files are no tokeniser. */
export function openTokens(encoder: EncoderFolder, maxTokens = encoder.spec.maxTokens): TokenReader {
  const { folder, tokenizer, tokenizerConfig, spec } = encoder;
  const opened = open(folder, tokenizer, tokenizerConfig);
  const padId = padIdOf(opened, tokenizer, tokenizerConfig) ?? spec.padId;
  return {
    read(text) {
      const { ids } = opened.encode(text);
      if (ids.length <= maxTokens) return ids;
      // Special tokens stand before and after those of the text; the latter are cut.
      const content = opened.encode(text, { add_special_tokens: false }).ids;
      const special = ids.length - content.length;
      const before = Array.from({ length: special + 1 }, (_, start) => start).find((start) =>
        content.every((id, i) => ids[start + i] === id),
      );
      if (before === undefined) return ids.slice(0, maxTokens);
      const kept = content.slice(0, Math.max(0, maxTokens - special));
      return [...ids.slice(0, before), ...kept, ...ids.slice(before + content.length)];
    },
    pad(texts, length = Math.max(1, ...texts.map((ids) => ids.length))) {
      const ids = new Int32Array(texts.length * length).fill(padId);
      const mask = new Int32Array(texts.length * length);
      texts.forEach((own, text) => {
        ids.set(own, text * length);
        mask.fill(1, text * length, text * length + own.length);
      });
      return { count: texts.length, length, ids, mask };
    },
  };
}

/**
 * What is used of the package, whose own types a compiler that asks for extensions of files does
 * not find.
 */
interface Opened {
  encode(text: string, options?: { add_special_tokens: boolean }): { ids: number[] };
  token_to_id(token: string): number | undefined;
}
const Opened = Tokenizer as new (tokenizer: object, config: object) => Opened;

function open(folder: string, tokenizer: object, config: object): Opened {
  try {
    return new Opened(tokenizer, config);
  } catch (thrown) {
    throw invalid(folder, `tokenizer.json is not one that can be read here: ${asError(thrown).message}`);
  }
}

/** By tokenizer.json's own padding, else by the name of the token. */
function padIdOf(opened: Opened, tokenizer: object, config: object): number | undefined {
  const { padding } = tokenizer as { padding?: { pad_id?: unknown } | null };
  if (typeof padding?.pad_id === 'number') return padding.pad_id;
  const { pad_token: token } = config as { pad_token?: unknown };
  const name = typeof token === 'object' ? (token as { content?: unknown } | null)?.content : token;
  return typeof name === 'string' ? opened.token_to_id(name) : undefined;
}
