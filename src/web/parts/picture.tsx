// The picture of an article. The space for it has its full size from the start, so that nothing
// moves when the picture loads.

export interface PictureProps {
  /** Address of the picture, as in the API. */
  readonly image: string;
  readonly alt: string;
  /**
   * Width on the page, in the syntax of the HTML attribute `sizes`: “240px”, “(max-width: 700px)
   * 45vw, 240px”.
   */
  readonly sizes: string;
  /** Whether the picture is on the first screen and so must load early. */
  readonly early?: boolean;
}

const WIDTHS = [160, 320, 640];

export function Picture({ image, alt, sizes, early = false }: PictureProps) {
  // The server has its own pictures in several widths. Those at other addresses are as they are.
  const own = image.startsWith('/')
    ? {
        src: `${image}?width=320`,
        srcset: WIDTHS.map((width) => `${image}?width=${String(width)} ${String(width)}w`).join(', '),
        sizes,
      }
    : { src: image, referrerpolicy: 'no-referrer' as const };
  return (
    <img
      class="picture"
      {...own}
      width={320}
      height={480}
      alt={alt}
      loading={early ? 'eager' : 'lazy'}
      fetchpriority={early ? 'high' : 'auto'}
      decoding="async"
    />
  );
}
