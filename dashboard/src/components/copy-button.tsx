import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button, IconButton } from './button.tsx';
import { copyText } from './clipboard.ts';
import { useToast } from './toast.tsx';

interface CopyButtonProps {
  text: string;
  /** What is copied, such as `key`. */
  what: string;
  /** Shows the word Copy too. */
  wide?: boolean;
}

/** Puts a text on the clipboard. */
export function CopyButton({ text, what, wide = false }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  const toast = useToast();
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    const done = await copyText(text);
    setCopied(done);
    if (done) toast(`Copied the ${what}`);
    else toast(`The browser does not let the page copy: select the ${what} and copy it`, 'bad');
  };
  const icon = copied ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />;
  if (wide) {
    return (
      <Button icon={icon} onClick={copy}>
        Copy
      </Button>
    );
  }
  return <IconButton label={`Copy the ${what}`} icon={icon} onClick={copy} />;
}
