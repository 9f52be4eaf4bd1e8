using System.Text;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>Tar headers as no well-meaning writer makes them.</summary>
internal static class TarHeaders
{
    private const int Block = 512;

    /// <summary>An extended header with one record after another, each with its right length.</summary>
    public static byte[] Extended(params string[] records) => ExtendedOf('x', string.Concat(records.Select(Record)));

    /// <summary>An extended header, of a file or global, with this text in it.</summary>
    public static byte[] ExtendedOf(char type, string body) => [.. Header("PaxHeaders/x", type, body.Length), .. Padded(Encoding.ASCII.GetBytes(body))];

    public static byte[] File(string path, byte[] content) => [.. Header(path, '0', content.Length), .. Padded(content)];

    /// <summary>A header with another type and another text in its size field, and the right checksum again.</summary>
    public static byte[] Changed(byte[] header, char type, string size)
    {
        byte[] changed = [.. header];
        changed[156] = (byte)type;
        Encoding.Latin1.GetBytes(size).CopyTo(changed, 124);
        changed.AsSpan(148, 8).Fill((byte)' ');
        int sum = changed.AsSpan(0, Block).ToArray().Sum(static b => b);
        Encoding.ASCII.GetBytes($"{Convert.ToString(sum, 8).PadLeft(6, '0')}\0 ").CopyTo(changed, 148);
        return changed;
    }

    public static byte[] Header(string path, char type, long size)
    {
        byte[] header = new byte[Block];
        Encoding.ASCII.GetBytes(path).CopyTo(header, 0);
        Encoding.ASCII.GetBytes("0000644\0" + "0000000\0" + "0000000\0").CopyTo(header, 100);
        Encoding.ASCII.GetBytes("00000000000\0").CopyTo(header, 136);
        Encoding.ASCII.GetBytes("ustar\0" + "00").CopyTo(header, 257);
        return Changed(header, type, Convert.ToString(size, 8).PadLeft(11, '0'));
    }

    private static string Record(string record)
    {
        int length = record.Length + 3;
        return $"{(length > 9 ? ++length : length)} {record}\n";
    }

    private static byte[] Padded(byte[] content) => [.. content, .. new byte[(Block - (content.Length % Block)) % Block]];
}
