namespace Fota.DeviceAgent.Storage;

/// <summary>CRC-32 (IEEE 802.3), which tells a torn record from a whole one. It proves nothing against an attacker.</summary>
internal static class Crc32
{
    private const uint ReversedPolynomial = 0xEDB88320;

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ ReversedPolynomial : crc >> 1;
            }
        }

        return ~crc;
    }
}
