// Package demo fills an empty node with 青山县, a county that does not exist:
// its organisations and their officers, sites that look different, accounts for
// every role, and articles. All names are made up, the region codes begin with
// 99, which is assigned to nobody.
//
// The content lies as plain files in content/ and is read by content.go; load.go
// brings it in through the services that people use, as the people of the
// county, so that loading it is a test of the product. Days are counted from
// the day of loading: the demo never ages.
package demo

// Password opens all demo accounts. It is no secret: it is printed on start
// and shown at sign-in, on demo nodes only.
const Password = "qingshan-demo-2026"
