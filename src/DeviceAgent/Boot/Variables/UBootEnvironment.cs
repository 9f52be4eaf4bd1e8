using System.Buffers.Binary;
using System.Text;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Boot.Variables;

/// <summary>
/// One copy of U-Boot's redundant environment (include/env_internal.h, struct environment_s with CONFIG_SYS_REDUNDAND_ENVIRONMENT): CRC-32 of the data
/// (4 bytes, little-endian), a counter (1) that the CRC does not cover, and the data: "name=value" strings, each ended by a zero byte, the list by one more.
/// </summary>
internal static class UBootEnvironment
{
    /// <summary>Bytes before the data.</summary>
    public const int HeadSize = 5;

    /// <summary>Null when the copy is torn.</summary>
    public static (BootVariables Variables, byte Counter)? Decode(ReadOnlySpan<byte> copy)
    {
        ReadOnlySpan<byte> data = copy[HeadSize..];
        return BinaryPrimitives.ReadUInt32LittleEndian(copy) == Crc32.Of(data) ? (DecodeData(data), copy[4]) : null;
    }

    /// <summary>A copy of <paramref name="size"/> bytes.</summary>
    /// <exception cref="IOException">The variables do not fit, or have names or values that the format cannot hold.</exception>
    public static byte[] Encode(BootVariables variables, byte counter, int size)
    {
        byte[] copy = new byte[size];
        int at = HeadSize;
        foreach ((string name, string value) in variables)
        {
            if (name.Length == 0 || name.Contains('=', StringComparison.Ordinal) || name.Contains('\0', StringComparison.Ordinal) || value.Contains('\0', StringComparison.Ordinal))
            {
                throw new IOException($"boot environment: variable {name}: wanted a name without '=' and no zero byte, got another");
            }

            byte[] entry = Encoding.Latin1.GetBytes($"{name}={value}\0");
            if (entry.Length + 1 > size - at)
            {
                throw new IOException($"boot environment: wanted variables of at most {size - HeadSize} bytes, got more");
            }

            entry.CopyTo(copy, at);
            at += entry.Length;
        }

        copy[4] = counter;
        BinaryPrimitives.WriteUInt32LittleEndian(copy, Crc32.Of(copy.AsSpan(HeadSize)));
        return copy;
    }

    // Latin-1, so that bytes of any encoding come back as they were.
    private static BootVariables DecodeData(ReadOnlySpan<byte> data)
    {
        List<KeyValuePair<string, string>> variables = [];
        while (data.IndexOf((byte)0) is > 0 and int length)
        {
            string entry = Encoding.Latin1.GetString(data[..length]);
            int separator = entry.IndexOf('=', StringComparison.Ordinal);
            if (separator > 0)
            {
                variables.Add(new(entry[..separator], entry[(separator + 1)..])); // what has no '=' is passed over by U-Boot's tools as well
            }

            data = data[(length + 1)..];
        }

        return new BootVariables(variables);
    }
}
