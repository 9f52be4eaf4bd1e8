using Fota.Interop.Posix;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Fota.Manifest;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Api;

/// <summary>Operators' tokens, of which only digests are kept. At the first start one is made and written to a file that only this server's user can read.</summary>
internal sealed class OperatorTokens
{
    public const string BootstrapFile = "bootstrap-token";

    private const int TokenSize = 32;

    private readonly IReadOnlyList<(string Name, Sha256Digest Digest)> _tokens;

    public OperatorTokens(IOperatorStore store, string directory, TimeProvider time, ILogger log)
    {
        if (store.Load().Count == 0)
        {
            // The file before the digest: after a crash in between, the next start makes another pair.
            string file = Path.Combine(directory, BootstrapFile);
            string token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenSize));
            DurableFile.ReplacePrivate(file, Encoding.ASCII.GetBytes(token));
            store.Add("bootstrap", DigestOf(token), time.GetUtcNow());
            Log.BootstrapToken(log, file);
        }

        _tokens = store.Load();
    }

    /// <summary>Whose token it is; null if nobody's. Digests are compared, in constant time.</summary>
    public string? NameOf(string token)
    {
        Sha256Digest digest = DigestOf(token);
        return _tokens.Where(t => t.Digest == digest).Select(static t => t.Name).FirstOrDefault();
    }

    private static Sha256Digest DigestOf(string token) => Sha256Digest.Of(Encoding.UTF8.GetBytes(token));
}
