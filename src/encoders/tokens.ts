// Turns texts into tokens with a Hugging Face tokeniser, cuts them to the model's limit and pads
// them to a batch. No other file imports @huggingface/tokenizers.

import { Tokenizer } from '@huggingface/tokenizers';
import { asError } from '../errors';
import { invalid, type EncoderFolder } from './folder';
import type { PaddedTokens } from './pooling';

export interface TokenReader {
  /**
   * Returns at most `maxTokens` tokens. A longer text is cut, but keeps the special tokens at its
   * ends.
   */
  read(text: string): number[];
  /** Pads on the right to the longest text, or to `length`. */
  pad(texts: readonly (readonly number[])[], length?: number): PaddedTokens;
}

/** @throws VitrineError INPUT_INVALID if the files do not make a tokeniser */
export function openTokens(encoder: EncoderFolder, maxTokens = encoder.spec.maxTokens): TokenReader {
  const { folder, tokenizer, tokenizerConfig, spec } = encoder;
  const opened = open(folder, tokenizer, tokenizerConfig);
  const padId = padIdOf(opened, tokenizer, tokenizerConfig) ?? spec.padId;
  return {
    read(text) {
      const { ids } = opened.encode(text);
      if (ids.length <= maxTokens) return ids;
      // Special tokens come before and after the tokens of the text. Only the tokens of the text
      // are cut.
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
 * The part of the package that this file uses. This project's compiler does not find the package's
 * types.
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

/**
 * The id of the padding in tokenizer.json, otherwise that of the padding token in the
 * configuration.
 */
function padIdOf(opened: Opened, tokenizer: object, config: object): number | undefined {
  const { padding } = tokenizer as { padding?: { pad_id?: unknown } | null };
  if (typeof padding?.pad_id === 'number') return padding.pad_id;
  const { pad_token: token } = config as { pad_token?: unknown };
  const name = typeof token === 'object' ? (token as { content?: unknown } | null)?.content : token;
  return typeof name === 'string' ? opened.token_to_id(name) : undefined;
}
