// The picture of an article. Its place has the full size from the start, so that nothing moves when
// the picture comes.

export interface PictureProps {
  /** As the API gives it. */
  readonly image: string;
  readonly alt: string;
  /** The shown width in CSS: “240px”, “(max-width: 700px) 45vw, 240px”. */
  readonly sizes: string;
  /** Whether it is on the first screen, so that it must load early. */
  readonly early?: boolean;
}

const WIDTHS = [160, 320, 640];

export function Picture({ image, alt, sizes, early = false }: PictureProps) {
  return (
    <img
      class="picture"
      src={`${image}?width=320`}
      srcset={WIDTHS.map((width) => `${image}?width=${String(width)} ${String(width)}w`).join(', ')}
      sizes={sizes}
      width={320}
      height={480}
      alt={alt}
      loading={early ? 'eager' : 'lazy'}
      fetchpriority={early ? 'high' : 'auto'}
      decoding="async"
    />
  );
}
