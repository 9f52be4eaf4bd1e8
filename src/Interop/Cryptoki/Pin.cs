using System.Security.Cryptography;
using Fota.Interop.Posix;

namespace Fota.Interop.Cryptoki;

/// <summary>A PIN in memory that the collector does not move, so that no copy stays behind, and that is zeroed on disposal.</summary>
public sealed class Pin : IDisposable
{
    private readonly byte[] _bytes;
    private bool _isDisposed;

    private Pin(ReadOnlySpan<byte> utf8)
    {
        _bytes = GC.AllocateArray<byte>(utf8.Length, pinned: true);
        utf8.CopyTo(_bytes);
    }

    /// <summary>The PIN as UTF-8, which is what PKCS#11 takes.</summary>
    public ReadOnlySpan<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return _bytes;
        }
    }

    /// <summary>Copies a PIN. Nothing is trimmed: what a file has after the PIN is its reader's business.</summary>
    /// <exception cref="ArgumentException">The PIN is empty, which PKCS#11 would read as "ask at the token's own keypad".</exception>
    public static Pin FromUtf8(ReadOnlySpan<byte> utf8) =>
        utf8.IsEmpty ? throw new ArgumentException("a PIN is not empty", nameof(utf8)) : new Pin(utf8);

    /// <summary>Reads the PIN in a file that its owner alone can read, without one final line break.</summary>
    /// <exception cref="PrivateFileException">Others may read the file, it is another's, or it is empty or too long.</exception>
    public static Pin FromFile(string path) => PrivateFile.Read(path, "PIN file", FromUtf8);

    /// <summary>Says nothing about the PIN.</summary>
    public override string ToString() => "[PIN]";

    /// <summary>Zeroes the PIN.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_bytes);
        _isDisposed = true;
    }
}
