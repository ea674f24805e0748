package vigie.agent.spool;

import java.nio.file.Path;
import vigie.agent.event.EventType;
import vigie.base.time.ManualClock;

/** A process that spools until it is killed and says of each event that it was accepted. */
final class EndlessSpooler {
  private EndlessSpooler() {}

  public static void main(String[] args) {
    Spool spool = SpoolDiskTest.open(Path.of(args[0]), new ManualClock());
    for (int i = 0; ; i++) {
      String text = "round " + args[1] + " event " + i + ".";
      spool.accept(
          SpoolDiskTest.event(i % 4 == 0 ? EventType.PROBE_DOWN : EventType.PROBE_SLOW, text));
      System.out.println(text);
    }
  }
}
