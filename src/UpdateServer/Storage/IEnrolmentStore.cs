using Fota.Manifest;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Enrolment;
using Fota.UpdateServer.People;

namespace Fota.UpdateServer.Storage;

/// <summary>Keeps the newest request of each device for a certificate.</summary>
internal interface IEnrolmentStore
{
    /// <summary>The device's; null if it never asked. Another product may have a device of the same name.</summary>
    EnrolmentRecord? Find(DeviceId device, ProductName product);

    /// <summary>The one with this request; null if there is none, or it was replaced by another.</summary>
    EnrolmentRecord? Find(Sha256Digest request);

    /// <summary>Those that wait and that one of the grants covers, the oldest first.</summary>
    /// <param name="grants">Over which products, and sites at which the devices stand.</param>
    /// <param name="most">How many at most.</param>
    IReadOnlyList<EnrolmentRecord> Waiting(IReadOnlyList<Grant> grants, int most);

    /// <summary>Stores one in place of <paramref name="before"/>, the device's last; null if it had none.</summary>
    /// <param name="enrolment">What is to be stored.</param>
    /// <param name="before">What it replaces.</param>
    /// <param name="by">Who asked or answered, for the log.</param>
    /// <returns>False if that is not its last any more; nothing is stored then.</returns>
    bool Save(EnrolmentRecord enrolment, EnrolmentRecord? before, string by);
}
