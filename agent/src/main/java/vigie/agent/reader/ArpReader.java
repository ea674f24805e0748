package vigie.agent.reader;

import java.io.IOException;
import java.util.Arrays;

/**
 * /proc/net/arp: how many neighbours each device knows by IPv4. Source: arp(7), the kernel's
 * net/ipv4/arp.c.
 */
public final class ArpReader implements AutoCloseable {
  private static final int MAX_DEVICES = 4096;

  private final KernelFile file;
  private String[] devices = new String[8];
  private double[] entries = new double[8];
  private int count;

  public ArpReader(Roots roots) {
    file = new KernelFile(roots.procfs().resolve("net/arp"));
  }

  /**
   * Reads anew.
   *
   * @throws IOException when /proc/net/arp cannot be read
   */
  public void read() throws IOException {
    Bytes in = file.read();
    count = 0;
    in.line(); // the titles
    while (in.line()) {
      if (in.fieldAfter(5)) {
        add(in.text());
      }
    }
  }

  private void add(String device) {
    for (int i = 0; i < count; i++) {
      if (devices[i].equals(device)) {
        entries[i]++;
        return;
      }
    }
    if (count == MAX_DEVICES) {
      return;
    }
    if (count == devices.length) {
      devices = Arrays.copyOf(devices, count * 2);
      entries = Arrays.copyOf(entries, count * 2);
    }
    devices[count] = device;
    entries[count++] = 1;
  }

  public int count() {
    return count;
  }

  public String device(int index) {
    return devices[index];
  }

  public double entries(int index) {
    return entries[index];
  }

  @Override
  public void close() {
    file.close();
  }
}
