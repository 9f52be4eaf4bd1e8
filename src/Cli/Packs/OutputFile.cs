using Fota.Interop.Posix;

namespace Fota.Cli.Packs;

/// <summary>A file that is there whole or not at all: written beside its place, and put there when it is complete.</summary>
internal static class OutputFile
{
    /// <summary>Has <paramref name="write"/> write the file; gives its length in bytes.</summary>
    public static long Write(string path, Action<FileStream> write)
    {
        // A device, of which a partition is one, must not be replaced: it is written as it is.
        if (PosixFile.IsSpecial(path))
        {
            using FileStream device = new(path, FileMode.Open, FileAccess.Write);
            write(device);
            device.Flush(flushToDisk: true);
            return device.Position;
        }

        string partial = path + ".partial";
        try
        {
            long length;
            using (FileStream stream = new(partial, FileMode.Create, FileAccess.ReadWrite))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
                length = stream.Length;
            }

            File.Move(partial, path, overwrite: true);
            return length;
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }
}
