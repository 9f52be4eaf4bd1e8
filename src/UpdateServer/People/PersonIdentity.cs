using System.Security.Cryptography.X509Certificates;

namespace Fota.UpdateServer.People;

/// <summary>What is said of somebody elsewhere.</summary>
internal enum IdentityKind
{
    None = 0,

    /// <summary>The subject of certificates of the operators' CA.</summary>
    Subject,

    /// <summary>Issuer and serial number of one certificate.</summary>
    Serial,

    /// <summary>The value of the configured claim at the authorisation server.</summary>
    OAuth,
}

/// <summary>By what somebody is known elsewhere. One belongs to one person at most, so that the same human is the same name by every credential.</summary>
internal sealed record PersonIdentity(IdentityKind Kind, string Value)
{
    /// <summary>Longest value in characters.</summary>
    public const int MaxLength = 256;

    /// <summary>The subject of a certificate, in one spelling.</summary>
    public static PersonIdentity OfSubject(X500DistinguishedName subject) => new(IdentityKind.Subject, Spell(subject));

    /// <summary>One certificate. Serial numbers are an issuer's own.</summary>
    /// <param name="issuer">Who issued it.</param>
    /// <param name="serial">Its number, in hexadecimal digits.</param>
    public static PersonIdentity OfSerial(X500DistinguishedName issuer, string serial) => new(IdentityKind.Serial, $"{serial.TrimStart('0').ToUpperInvariant()} of {Spell(issuer)}");

    public static PersonIdentity OfOAuth(string subject) => new(IdentityKind.OAuth, subject);

    // A name that was made of text keeps the text: what it says is in its bytes.
    private static string Spell(X500DistinguishedName name) => new X500DistinguishedName(name.RawData).Name;
}
