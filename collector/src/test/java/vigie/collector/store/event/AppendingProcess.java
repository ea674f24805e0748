package vigie.collector.store.event;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Random;
import vigie.base.segment.FileLayer;
import vigie.base.time.Clock;
import vigie.collector.event.Event;
import vigie.collector.event.EventIntake;
import vigie.collector.event.Events;

/**
 * A process to be killed: takes events of three spools through intake and store, each from the
 * number given, and prints {@code acked SPOOL SEQ} and {@code told SPOOL SEQ}.
 */
final class AppendingProcess {
  private AppendingProcess() {}

  public static void main(String[] args) throws InterruptedException {
    PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true);
    Clock clock = Clock.system();
    TestStore opened = new TestStore(Path.of(args[0]), TestStore.SMALL, FileLayer.disk(), clock);
    EventIntake intake = new EventIntake(opened.store, clock, opened.meters);
    intake.listen((event, late) -> print(out, "told", event));
    intake.start();
    for (int spool = 0; spool < 3; spool++) {
      String name = "s" + spool;
      long first = Long.parseLong(args[1 + spool]);
      Random random = new Random();
      new Thread(
              () -> {
                for (long seq = first; ; seq++) {
                  Event event = Events.agent("p1", name, seq, "probe.up");
                  intake.accept(
                      Events.at(event, clock.now(), clock.now()),
                      new byte[random.nextInt(500)],
                      () -> print(out, "acked", event));
                }
              })
          .start();
    }
  }

  private static void print(PrintStream out, String what, Event event) {
    Event.Origin origin = event.origin();
    if (origin != null) {
      out.print(what + " " + origin.spool() + " " + origin.seq() + "\n");
    }
  }
}
