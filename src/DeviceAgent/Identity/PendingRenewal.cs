using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Identity;

/// <summary>A renewal that is under way: the request, which is repeated as it is, and when to ask again.</summary>
/// <param name="Request">PKCS#10, DER; null when the next attempt begins with a new one.</param>
/// <param name="AskFrom">Not before.</param>
internal sealed record PendingRenewal(byte[]? Request, DateTimeOffset AskFrom)
{
    private const string Name = "identity/renewal.json";

    /// <summary>The one that is kept; null if there is none, or none that can be read: then one begins anew, which costs a request.</summary>
    public static PendingRenewal? Read(IDurableStore store)
    {
        if (store.Read(Name) is null)
        {
            return null;
        }

        try
        {
            return StoredJson.Read(store, Name, static json => new PendingRenewal(
                json.OptionalText("request") is { } request ? Convert.FromBase64String(request) : null,
                DateTimeOffset.FromUnixTimeSeconds(json.GetProperty("ask_from").GetInt64())));
        }
        catch (Exception e) when (e is DeviceStateException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    public static void Forget(IDurableStore store) => store.Delete(Name);

    public void Keep(IDurableStore store) => store.Replace(Name, StoredJson.Write(json =>
    {
        json.WriteString("request", Request is null ? null : Convert.ToBase64String(Request));
        json.WriteNumber("ask_from", AskFrom.ToUnixTimeSeconds());
    }));

    /// <summary>Whether the request is for this key and subject still; the device may have been certified anew meanwhile.</summary>
    public bool IsFor(X509Certificate2 current)
    {
        try
        {
            return Request is not null
                && CertificateRequest.LoadSigningRequest(Request, HashAlgorithmName.SHA256, out _) is { } request
                && request.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(current.PublicKey.ExportSubjectPublicKeyInfo())
                && request.SubjectName.RawData.AsSpan().SequenceEqual(current.SubjectName.RawData);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
