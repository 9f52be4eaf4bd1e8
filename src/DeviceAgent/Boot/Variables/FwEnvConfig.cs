using System.Globalization;
using Fota.DeviceAgent.Configuration;

namespace Fota.DeviceAgent.Boot.Variables;

/// <summary>
/// Where U-Boot's environment is, from the file that U-Boot's own tools read too (fw_env.config): a line for each of the two copies, with device or file, offset (decimal or
/// 0x) and size (hexadecimal, with or without 0x, as there); a sector size and count behind them are read over.
/// </summary>
internal sealed class FwEnvConfig
{
    private const int LeastSize = 512, MostSize = 1024 * 1024;

    /// <summary>The two copies.</summary>
    /// <param name="first">Where U-Boot looks first.</param>
    /// <param name="second">The other one.</param>
    /// <param name="size">Bytes of each.</param>
    public FwEnvConfig(Place first, Place second, int size)
    {
        Copies = [first, second];
        Size = size;
    }

    /// <summary>Where a copy begins.</summary>
    /// <param name="Path">A file or block device.</param>
    /// <param name="Offset">Bytes before it.</param>
    public sealed record Place(string Path, long Offset);

    /// <summary>The two copies, in the order of the file.</summary>
    public IReadOnlyList<Place> Copies { get; }

    /// <summary>Bytes of each copy, head included.</summary>
    public int Size { get; }

    /// <summary>Reads the file.</summary>
    /// <exception cref="SettingsException">It cannot be read, or does not name two copies of one size on something that can be written in place.</exception>
    public static FwEnvConfig Load(string path)
    {
        try
        {
            (Place Place, int Size)[] copies =
            [
                .. File.ReadLines(path)
                    .Select(static line => line.Split('#', 2)[0].Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
                    .Where(static words => words.Length > 0)
                    .Select(words => Parse(path, words)),
            ];
            return copies is [var first, var second] && first.Size == second.Size && AreApart(first, second)
                ? new FwEnvConfig(first.Place, second.Place, first.Size)
                : throw new SettingsException($"{path}: wanted two copies of one size that do not overlap: one copy does not survive a power cut");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{path}: {e.Message}");
        }
    }

    private static bool AreApart((Place Place, int Size) first, (Place Place, int Size) second) =>
        first.Place.Path != second.Place.Path || Math.Abs(first.Place.Offset - second.Place.Offset) >= first.Size;

    private static (Place Place, int Size) Parse(string path, string[] words)
    {
        if (words.Length < 3 || !TryOffset(words[1], out long offset) || !TryHexadecimal(words[2], out long size) || size is < LeastSize or > MostSize)
        {
            throw new SettingsException($"{path}: wanted device, offset and size (hexadecimal, {LeastSize} to {MostSize} bytes), got \"{string.Join(' ', words)}\"");
        }

        string device = Path.GetFullPath(words[0], Path.GetDirectoryName(Path.GetFullPath(path))!);
        return IsRawFlash(device)
            ? throw new SettingsException($"{path}: {device}: wanted a file or block device, got raw flash, whose counters and erase blocks are others")
            : (new Place(device, offset), (int)size);
    }

    private static bool IsRawFlash(string device) =>
        (device.StartsWith("/dev/mtd", StringComparison.Ordinal) && !device.StartsWith("/dev/mtdblock", StringComparison.Ordinal)) || device.StartsWith("/dev/ubi", StringComparison.Ordinal);

    private static bool TryOffset(string word, out long offset) => word.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        ? TryHexadecimal(word, out offset)
        : long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out offset) && (word == "0" || word[0] != '0'); // a leading zero would be octal there

    private static bool TryHexadecimal(string word, out long number) => long.TryParse(
        word.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? word[2..] : word, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number) && number >= 0;
}
