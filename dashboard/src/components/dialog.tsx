import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode, RefObject } from 'react';
import { IconButton } from './button.tsx';

interface DialogProps {
  open: boolean;
  title: ReactNode;
  about?: ReactNode;
  /** Buttons at the end. */
  footer?: ReactNode;
  narrow?: boolean;
  /** Gets the focus; the first input or button where absent. */
  initialFocus?: RefObject<HTMLElement | null>;
  /** Whether a click beside it closes it; false where input would be lost. */
  dismissible?: boolean;
  onClose(): void;
  children: ReactNode;
}

/** A modal dialog: holds the focus, closes on Escape, and gives the focus back. */
export function Dialog({
  open,
  title,
  about,
  footer,
  narrow = false,
  initialFocus,
  dismissible = true,
  onClose,
  children,
}: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()} disablePointerDismissal={!dismissible}>
      <Base.Portal>
        <Base.Backdrop className="veil" />
        <Base.Popup className={`dialog${narrow ? ' dialog-narrow' : ''}`} initialFocus={initialFocus}>
          <div className="dialog-head">
            <div>
              <Base.Title className="dialog-title">{title}</Base.Title>
              {about !== undefined && <Base.Description className="dialog-about">{about}</Base.Description>}
            </div>
            <Base.Close render={<IconButton label="Close" icon={<X size={16} aria-hidden />} />} />
          </div>
          <div className="dialog-body">{children}</div>
          {footer !== undefined && <div className="dialog-foot">{footer}</div>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
