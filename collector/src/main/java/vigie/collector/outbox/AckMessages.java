package vigie.collector.outbox;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import vigie.collector.alert.Acknowledgement;
import vigie.collector.alert.Acknowledgements;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.dispatch.Message;
import vigie.collector.dispatch.Notification;
import vigie.collector.dispatch.NotificationSink;

/**
 * Tells beside a card that somebody took the incident on. Once that is so for all its alerts,
 * escalations that wait are taken back; for some of them it is a note. Safe for all threads.
 */
public final class AckMessages {
  private final NotificationSink sink;
  private final Acknowledgements acknowledgements;

  public AckMessages(NotificationSink sink, Acknowledgements acknowledgements) {
    this.sink = sink;
    this.acknowledgements = acknowledgements;
  }

  /**
   * Tells what changed.
   *
   * @param fingerprints of the alerts whose acknowledgement came, changed or went
   */
  public void changed(Set<String> fingerprints) {
    sink.open().forEach(incident -> tell(incident, fingerprints));
  }

  private void tell(Notification incident, Set<String> fingerprints) {
    List<Alert> firing = incident.in(AlertState.FIRING);
    for (Alert alert : firing) {
      Optional<Acknowledgement> found =
          fingerprints.contains(alert.fingerprint())
              ? acknowledgements.of(alert.fingerprint())
              : Optional.empty();
      if (found.isPresent()) {
        Acknowledgement ack = found.get();
        boolean all = acknowledgements.cover(firing);
        sink.tell(
            Message.of(
                incident.incident(),
                (all ? "ack-" : "ack-of-some-") + ack.at().toEpochMilli(),
                all ? Message.Kind.ACK : Message.Kind.NOTE,
                ack.at(),
                ack.by(),
                ack.note().isEmpty() && !all ? "acknowledged " + alert.name() : ack.note()));
        return;
      }
    }
  }
}
