// Pictures of articles at /images/ID?width=320: the shop's photo or a drawing. A page asks for all
// its pictures at once, so a single statement reads the rows of their articles.

import DataLoader from 'dataloader';
import type { FastifyInstance } from 'fastify';
import type { ArticleRow, Store } from '../../data/store/store';
import { VitrineError } from '../../errors';
import type { Photos, Picture } from './photos';
import { checkId } from '../limits';
import { sha256 } from '../../bytes';

export interface ImageParts {
  readonly store: Pick<Store, 'articlesById'>;
  readonly photos: Photos;
  /** Draws an article that has no photo, as SVG. If undefined, such an article has no picture. */
  readonly draw?: DrawArticle | undefined;
}

export type DrawArticle = (article: ArticleRow) => string;

/** Width in pixels if the address does not say one. */
const WIDTH = 320;
/**
 * Time that browsers may cache a picture: long enough for one visit, and short enough for a new
 * photo to appear soon.
 */
const FRESH_SECONDS = 3600;

export function addImages(app: FastifyInstance, { store, photos, draw }: ImageParts): void {
  const rows = new DataLoader<string, ArticleRow | null>((ids) => store.articlesById(ids), {
    cache: false,
    batchScheduleFn: (run) => setImmediate(run),
  });
  app.get<{ Params: { id: string }; Querystring: { width?: string } }>('/images/:id', async (request, reply) => {
    const id = checkId('id', request.params.id);
    const width = Number(request.query.width ?? WIDTH);
    if (!Number.isInteger(width) || width < 1) {
      throw new VitrineError('INPUT_INVALID', `width: expected pixels, got ${JSON.stringify(request.query.width)}`);
    }
    const photo = await photos.photo(id, width);
    const row = photo ? null : await rows.load(id);
    request.lifetime.throwIfOver();
    const picture = photo ?? drawn(row, draw);
    if (!picture)
      throw new VitrineError('NOT_FOUND', `there is no ${row ? 'picture of ' : ''}article ${JSON.stringify(id)}`);
    const tag = `"${picture.version}"`;
    reply.headers({
      'cache-control': `public, max-age=${FRESH_SECONDS}`,
      etag: tag,
      // An SVG that is opened on its own is a document. No script may run in it.
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      'x-content-type-options': 'nosniff',
    });
    if (request.headers['if-none-match'] === tag) return reply.code(304).send();
    return reply.type(picture.type).send(picture.content);
  });
}

function drawn(row: ArticleRow | null, draw: DrawArticle | undefined): Picture | undefined {
  if (!row || !draw) return undefined;
  const content = Buffer.from(draw(row));
  return { type: 'image/svg+xml', content, version: sha256(content, 20) };
}
