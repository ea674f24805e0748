package vigie.agent.probe;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import vigie.agent.reader.Systemd;
import vigie.agent.reader.UnitChange;
import vigie.agent.reader.UnitStatus;

/** Knows units: {@link Systemd}, whose words these are. */
interface Units {
  UnitStatus status(String unit, Duration limit) throws IOException;

  UnitChange change(String unit, Duration limit) throws IOException;

  /** All that are loaded or have a file. */
  List<String> names(Duration limit) throws IOException;

  /** The units of a systemd, over the connection that it keeps. */
  static Units of(Systemd systemd) {
    return new Units() {
      @Override
      public UnitStatus status(String unit, Duration limit) throws IOException {
        return systemd.status(unit, limit);
      }

      @Override
      public UnitChange change(String unit, Duration limit) throws IOException {
        return systemd.change(unit, limit);
      }

      @Override
      public List<String> names(Duration limit) throws IOException {
        return systemd.unitNames(limit);
      }
    };
  }
}
