using System.Security.Cryptography;
using Fota.Interop.Cryptoki;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Configuration;

/// <summary>Reads a PIN from a file that nobody else can read; any other file is refused rather than warned about.</summary>
internal static class PinFile
{
    private const int MaxLength = 256;

    public static Pin Read(string path)
    {
        using FileStream file = PrivateFiles.Open(path) ?? throw new ConfigurationException($"{path}: wanted a file of your own with mode 0600, got one that others can read or own");
        byte[] buffer = GC.AllocateArray<byte>(MaxLength + 1, pinned: true);
        try
        {
            ReadOnlySpan<byte> pin = buffer.AsSpan(0, file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)).TrimEnd("\r\n"u8);
            return pin.Length is > 0 and <= MaxLength ? Pin.FromUtf8(pin) : throw new ConfigurationException($"{path}: wanted a PIN of 1 to {MaxLength} bytes, got {pin.Length}");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }
}
