// A picture in a small square, from its file. Its place has its size before the picture is there, so nothing moves when it comes; one that the browser can't
// show leaves a sign. Invariant: the address of a blob lives as long as its thumbnail, no longer.

import { useEffect, useState } from 'react';
import { Icon } from './icons.tsx';

interface ThumbnailProps {
  blob: Blob;
  alt: string;
  size?: 'small' | 'large';
}

/** Enlarged, so few pixels are to be told apart rather than blurred. */
const FEW_PIXELS = 48;
const SIDES = { small: 52, large: 112 } as const;

export function Thumbnail({ blob, alt, size = 'small' }: ThumbnailProps) {
  const [url, setUrl] = useState<string>();
  const [broken, setBroken] = useState(false);
  const [coarse, setCoarse] = useState(false);
  useEffect(() => {
    const made = URL.createObjectURL(blob);
    setUrl(made);
    setBroken(false);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  const side = SIDES[size];
  const place = { className: 'thumbnail', 'data-size': size } as const;
  if (broken) {
    return (
      <span {...place} role="img" aria-label={`${alt}: can't be shown`} title={alt}>
        <Icon name="alert" />
      </span>
    );
  }
  if (url === undefined) return <span {...place} aria-hidden="true" />;
  return (
    <img
      {...place}
      src={url}
      alt={alt}
      title={alt}
      width={side}
      height={side}
      loading="lazy"
      decoding="async"
      data-coarse={coarse}
      onLoad={({ currentTarget }) => setCoarse(currentTarget.naturalWidth <= FEW_PIXELS)}
      onError={() => setBroken(true)}
    />
  );
}
