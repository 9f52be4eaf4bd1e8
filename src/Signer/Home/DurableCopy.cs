using Fota.Interop.Posix;
using Fota.Manifest;

namespace Fota.Signer.Home;

/// <summary>Copies files of any size that may have changed since they were examined: what is installed under a digest has that digest.</summary>
internal static class DurableCopy
{
    public static void Make(string source, string path, Sha256Digest digest)
    {
        using FileStream from = File.OpenRead(source);
        DurableFile.Replace(path, file =>
        {
            from.CopyTo(file);
            file.Position = 0;
            Sha256Digest got = Sha256Digest.Of(file);
            if (got != digest)
            {
                throw new SignerRefusalException($"{source}: wanted digest {digest}, got {got}");
            }
        });
    }
}
