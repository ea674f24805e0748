package vigie.collector.notify.terminal;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import vigie.collector.card.CardContext;
import vigie.collector.card.CardSource;
import vigie.collector.card.Texts;
import vigie.collector.outbox.Notifier;
import vigie.collector.outbox.Outcome;

/**
 * Prints each wanted state as a card of a few lines. Text from outside comes without control
 * characters. Safe for all threads.
 */
public final class TerminalNotifier implements Notifier {
  private static final int LONGEST = 20_000;
  private static final String RED = "\u001b[31m";
  private static final String GREEN = "\u001b[32m";
  private static final String RESET = "\u001b[0m";

  private final PrintStream out;
  private final Executor executor;
  private final boolean colour;
  private final CardSource source;
  private final Texts texts;

  /**
   * @param executor prints: a terminal that is stopped, or a pipe that nobody reads, blocks it
   * @param colour whether to use ANSI colours: on a terminal without NO_COLOR
   */
  public TerminalNotifier(
      PrintStream out, Executor executor, boolean colour, CardSource source, Texts texts) {
    this.out = out;
    this.executor = executor;
    this.colour = colour;
    this.source = source;
    this.texts = texts;
  }

  @Override
  public Lane lane() {
    return new Lane("terminal", "terminal", "terminal");
  }

  @Override
  public CompletionStage<Outcome> deliver(Delivery delivery) {
    // A smaller form is asked for where the whole one could not be drawn.
    boolean whole = delivery.reduction() == 0;
    String card = card(delivery, whole ? source.facts(delivery.wanted()) : CardContext.NONE);
    return CompletableFuture.supplyAsync(() -> print(card), executor);
  }

  private Outcome print(String card) {
    out.print(card);
    out.flush();
    return new Outcome.Done(new Posted("printed", "terminal"), Duration.ZERO);
  }

  private String card(Delivery delivery, CardContext context) {
    Texts.Words words =
        texts
            .of(delivery.wanted(), context, TerminalStyle.STYLE)
            .with("Predecessor", delivery.predecessor().name().toLowerCase(Locale.ROOT))
            .with("Again", delivery.posted() != null && !delivery.wanted().isResolved());
    String text = words.text("card.terminal");
    text = text.substring(0, Math.min(LONGEST, text.length()));
    if (!words.fault().isEmpty()) {
      text += "\n   " + words.text("card.fault") + " " + words.fault();
    }
    int end = text.indexOf('\n') < 0 ? text.length() : text.indexOf('\n');
    String first = text.substring(0, end);
    String tint = delivery.wanted().isResolved() ? GREEN : RED;
    return "\n" + (colour ? tint + first + RESET : first) + text.substring(end) + "\n";
  }
}
