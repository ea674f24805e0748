package vigie.collector.notify.terminal;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import vigie.base.time.Durations;
import vigie.collector.alert.Alert;
import vigie.collector.dispatch.Notification;
import vigie.collector.event.Event;
import vigie.collector.outbox.Notifier;
import vigie.collector.outbox.Outcome;

/**
 * Prints each wanted state as a card of a few lines. Text from outside comes without control
 * characters. Safe for all threads.
 */
public final class TerminalNotifier implements Notifier {
  private static final int MOST_ALERTS = 10;
  private static final int MOST_EVENTS = 3;
  private static final int LONGEST = 300;
  private static final String RED = "\u001b[31m";
  private static final String GREEN = "\u001b[32m";
  private static final String RESET = "\u001b[0m";

  private final PrintStream out;
  private final boolean colour;

  /**
   * @param colour whether to use ANSI colours: on a terminal without NO_COLOR
   */
  public TerminalNotifier(PrintStream out, boolean colour) {
    this.out = out;
    this.colour = colour;
  }

  @Override
  public Lane lane() {
    return new Lane("terminal", "terminal", "terminal");
  }

  @Override
  public CompletionStage<Outcome> deliver(Delivery delivery) {
    out.print(card(delivery.wanted(), delivery.posted() != null));
    out.flush();
    return CompletableFuture.completedFuture(
        new Outcome.Done(new Posted("printed", "terminal"), Duration.ZERO));
  }

  private String card(Notification wanted, boolean again) {
    boolean over = wanted.isResolved();
    StringBuilder card = new StringBuilder("\n");
    card.append(colour ? (over ? GREEN : RED) : "");
    card.append(over ? "== Resolved" : "== FIRING").append(again && !over ? " (changed)" : "");
    card.append(colour ? RESET : "").append('\n');
    List<Alert> alerts = wanted.alerts();
    for (Alert alert : alerts.subList(0, Math.min(MOST_ALERTS, alerts.size()))) {
      append(card, alert);
    }
    int more = wanted.firing() + wanted.resolved() - Math.min(MOST_ALERTS, alerts.size());
    if (more > 0) {
      card.append("   … and ").append(more).append(" more\n");
    }
    return card.toString();
  }

  private static void append(StringBuilder card, Alert alert) {
    Instant resolvedAt = alert.resolvedAt();
    card.append("   ").append(clean(alert.name()));
    for (String label : List.of("severity", "node", "target", "instance")) {
      if (alert.labels().has(label)) {
        card.append(' ').append(label).append('=').append(clean(alert.labels().get(label)));
      }
    }
    card.append("\n     since ").append(seconds(alert.activeAt()));
    if (resolvedAt != null) {
      Duration lasted = Duration.between(alert.activeAt(), resolvedAt);
      card.append(" until ").append(seconds(resolvedAt)).append(", lasted ");
      card.append(Durations.format(Duration.ofSeconds(Math.max(0, lasted.toSeconds()))));
    }
    card.append('\n');
    if (alert.annotations().has("summary")) {
      card.append("     ").append(clean(alert.annotations().get("summary"))).append('\n');
    }
    for (Event event : alert.events().subList(0, Math.min(MOST_EVENTS, alert.events().size()))) {
      card.append("     ").append(seconds(event.time())).append(' ').append(clean(event.type()));
      card.append(' ').append(clean(event.text()));
      String reason = event.field("reason");
      card.append(reason.isEmpty() || event.text().contains(reason) ? "" : ": " + clean(reason));
      card.append('\n');
      event
          .field("log")
          .lines()
          .forEach(line -> card.append("       | ").append(clean(line)).append('\n'));
    }
  }

  private static Instant seconds(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS);
  }

  /** A terminal obeys control characters, and some letters turn the line around. */
  private static String clean(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints()
        .limit(LONGEST)
        .forEach(
            c -> {
              int type = Character.getType(c);
              if (type == Character.CONTROL
                  || type == Character.FORMAT
                  || type == Character.SURROGATE
                  || type == Character.LINE_SEPARATOR
                  || type == Character.PARAGRAPH_SEPARATOR) {
                out.append(String.format("\\u%04x", c));
              } else {
                out.appendCodePoint(c);
              }
            });
    return out.toString();
  }
}
