//! MLS (RFC 9420) through openmls: the only place that names it.
