using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;
using Fota.UpdateServer.Certificates;

namespace Fota.UpdateServer.People;

/// <summary>Who shows a client certificate: of the operators' CA, valid now, not taken back, and registered for one person by its subject or its number.</summary>
internal sealed class OperatorCertificates(AuthorityRegister authorities, PeopleDirectory people, TimeProvider time)
{
    private readonly ClientCertificateJudge? _judge = authorities.Operators.Count == 0 ? null : new ClientCertificateJudge(authorities.Operators, time);

    /// <summary>The person, or why the certificate speaks for nobody.</summary>
    public (Caller? Caller, Rejection? Refused) Find(X509Certificate2 certificate)
    {
        if (_judge is null)
        {
            return (null, ClientCertificateJudge.Foreign("wanted no certificate of a person, as there is no operatorCa, got one"));
        }

        (JudgedCertificate? judged, Rejection? refused) = _judge.Judge(certificate);
        if (judged is null)
        {
            return (null, refused);
        }

        if (judged.Expired > TimeSpan.Zero)
        {
            return (null, new Rejection(RejectionReason.CertificateExpired, $"wanted a valid certificate, got one of {certificate.Subject} that ended at {certificate.NotAfter.ToUniversalTime():u}"));
        }

        PersonIdentity[] identities = [PersonIdentity.OfSubject(certificate.SubjectName), PersonIdentity.OfSerial(certificate.IssuerName, certificate.SerialNumber)];
        return people.FindByIdentity(identities, CredentialKind.Certificate, certificate.SerialNumber, Role.All, new DateTimeOffset(certificate.NotAfter)) is { } caller
            ? (caller, null)
            : (null, ClientCertificateJudge.Foreign($"wanted a certificate that is one person's, got {certificate.Subject}, number {certificate.SerialNumber}, which is nobody's or several people's"));
    }
}
