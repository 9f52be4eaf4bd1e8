using Fota.Interop.Posix;
using Fota.Manifest;

namespace Fota.Signer.Home;

/// <summary>Files that are either as they were or as they should be, whenever the power fails: new file, flush, rename, flush the directory.</summary>
internal static class DurableFile
{
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        using (FileStream file = CreateNext(path))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        Install(path);
    }

    /// <summary>Copies a file of any size, which may have changed since it was examined: what is installed under a digest has that digest.</summary>
    public static void Copy(string source, string path, Sha256Digest digest)
    {
        using (FileStream from = File.OpenRead(source))
        using (FileStream file = CreateNext(path))
        {
            from.CopyTo(file);
            file.Flush(flushToDisk: true);
            file.Position = 0;
            Sha256Digest got = Sha256Digest.Of(file);
            if (got != digest)
            {
                throw new SignerRefusalException($"{source}: wanted digest {digest}, got {got}");
            }
        }

        Install(path);
    }

    private static FileStream CreateNext(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return File.Create(NextTo(path));
    }

    private static void Install(string path)
    {
        File.Move(NextTo(path), path, overwrite: true);
        PosixFile.FlushDirectory(Path.GetDirectoryName(path)!);
    }

    private static string NextTo(string path) => path + ".next";
}
