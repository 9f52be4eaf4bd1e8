using System.Text;

namespace Fota.DeviceAgent.Storage;

/// <summary>A short text that another program or the kernel keeps in a file.</summary>
internal static class SmallFile
{
    private const int MaxBytes = 1024;

    /// <summary>The file's text without white space around it; null when it cannot be read, or is longer than such a text is.</summary>
    public static string? Read(string path)
    {
        try
        {
            // No buffer and no length: files of the kernel say neither truly.
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            byte[] bytes = new byte[MaxBytes + 1];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length <= MaxBytes ? Encoding.UTF8.GetString(bytes, 0, length).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
