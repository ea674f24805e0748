package vigie.collector.graph;

import java.util.Arrays;

/**
 * Pixels, and strokes with soft edges: a stroke is first collected as coverage and then painted at
 * once, so that where its pieces overlap nothing is darker. Coordinates are in pixels from the top
 * left, where a pixel's middle is at a half. For one thread.
 */
final class Canvas {
  private final int width;
  private final int height;
  private final int[] pixels;
  private final float[] coverage;
  private int dirtyLeft;
  private int dirtyTop;
  private int dirtyRight;
  private int dirtyBottom;

  Canvas(int width, int height, int colour) {
    this.width = width;
    this.height = height;
    this.pixels = new int[width * height];
    this.coverage = new float[width * height];
    Arrays.fill(pixels, colour);
    clean();
  }

  int width() {
    return width;
  }

  int height() {
    return height;
  }

  /** 0xRRGGBB, row by row. */
  int[] pixels() {
    return pixels;
  }

  /** Adds a piece of a stroke with round ends. */
  void segment(double ax, double ay, double bx, double by, double halfWidth) {
    double reach = halfWidth + 0.5;
    int left = Math.max(0, (int) Math.floor(Math.min(ax, bx) - reach));
    int right = Math.min(width - 1, (int) Math.ceil(Math.max(ax, bx) + reach));
    int top = Math.max(0, (int) Math.floor(Math.min(ay, by) - reach));
    int bottom = Math.min(height - 1, (int) Math.ceil(Math.max(ay, by) + reach));
    double dx = bx - ax;
    double dy = by - ay;
    double square = dx * dx + dy * dy;
    for (int y = top; y <= bottom; y++) {
      double py = y + 0.5 - ay;
      for (int x = left; x <= right; x++) {
        double px = x + 0.5 - ax;
        double along = square == 0 ? 0 : (px * dx + py * dy) / square;
        double at = along < 0 ? 0 : along > 1 ? 1 : along;
        double offX = px - at * dx;
        double offY = py - at * dy;
        double distance = offX * offX + offY * offY;
        if (distance < reach * reach) {
          float cover = (float) Math.min(1, reach - Math.sqrt(distance));
          int pixel = y * width + x;
          coverage[pixel] = Math.max(coverage[pixel], cover);
        }
      }
    }
    touch(left, top, right, bottom);
  }

  /** Adds what lies between the two ends of a piece and a level below it, column by column. */
  void below(double ax, double ay, double bx, double by, double level) {
    int left = Math.max(0, (int) Math.ceil(Math.min(ax, bx) - 0.5));
    int right = Math.min(width - 1, (int) Math.floor(Math.max(ax, bx) - 0.5));
    int bottom = Math.min(height, (int) Math.round(level));
    for (int x = left; x <= right; x++) {
      double share = bx == ax ? 0 : (x + 0.5 - ax) / (bx - ax);
      int top = Math.max(0, (int) Math.round(ay + share * (by - ay)));
      for (int y = top; y < bottom; y++) {
        coverage[y * width + x] = 1;
      }
      touch(x, top, x, bottom - 1);
    }
  }

  private void touch(int left, int top, int right, int bottom) {
    dirtyLeft = Math.min(dirtyLeft, left);
    dirtyTop = Math.min(dirtyTop, top);
    dirtyRight = Math.max(dirtyRight, right);
    dirtyBottom = Math.max(dirtyBottom, bottom);
  }

  /** Paints what was added since the last time. */
  void paint(int colour, double opacity) {
    for (int y = dirtyTop; y <= dirtyBottom; y++) {
      for (int x = dirtyLeft; x <= dirtyRight; x++) {
        int pixel = y * width + x;
        if (coverage[pixel] > 0) {
          pixels[pixel] = blend(pixels[pixel], colour, coverage[pixel] * opacity);
          coverage[pixel] = 0;
        }
      }
    }
    clean();
  }

  private void clean() {
    dirtyLeft = width;
    dirtyTop = height;
    dirtyRight = -1;
    dirtyBottom = -1;
  }

  /** In steps of a sixteenth: fewer colours make a smaller file. */
  private static int blend(int under, int over, double opacity) {
    int part = (int) Math.round(Math.min(1, opacity) * 16);
    int red = ((under >> 16 & 255) * (16 - part) + (over >> 16 & 255) * part) >> 4;
    int green = ((under >> 8 & 255) * (16 - part) + (over >> 8 & 255) * part) >> 4;
    int blue = ((under & 255) * (16 - part) + (over & 255) * part) >> 4;
    return red << 16 | green << 8 | blue;
  }

  void rectangle(int left, int top, int right, int bottom, int colour) {
    for (int y = Math.max(0, top); y < Math.min(height, bottom); y++) {
      int row = y * width;
      Arrays.fill(pixels, row + Math.max(0, left), row + Math.min(width, right), colour);
    }
  }
}
